import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';

const app = new Hono();
app.use('/api/*', cors({ origin: ['https://app.example.com'], credentials: true, maxAge: 600 }));
app.get('/api/led', (c) => c.json({ on: true }));
app.put('/api/led', (c) => c.text('off'));
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });
