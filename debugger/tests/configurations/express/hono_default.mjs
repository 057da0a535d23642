import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';

const app = new Hono();
app.use(cors({ exposeHeaders: ['X-Total-Count'], allowHeaders: ['X-Custom'], allowMethods: ['GET', 'PUT'] }));
app.all('/api/led', (c) => c.json({ on: true }));
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });
