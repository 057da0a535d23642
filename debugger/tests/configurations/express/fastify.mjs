import Fastify from 'fastify';
import cors from '@fastify/cors';

const fastify = Fastify();
await fastify.register(cors, { origin: ['https://app.example.com', /\.example\.org$/], credentials: true });
fastify.get('/api/led', async () => ({ on: true }));
fastify.put('/api/led', async () => ({ on: false }));
fastify.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
