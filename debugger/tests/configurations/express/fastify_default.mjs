import Fastify from 'fastify';
import cors from '@fastify/cors';

const fastify = Fastify();
fastify.register(cors);
fastify.get('/api/led', async () => ({ on: true }));
fastify.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
