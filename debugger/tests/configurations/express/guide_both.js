const express = require('express');
const cors = require('cors');

const app = express();

// Public API: allow all origins
app.use(cors());
// Credentialed API: specific origin only
app.use(cors({
  origin: 'https://app.example.com',
  credentials: true,
  methods: ['GET', 'POST', 'PUT', 'DELETE'],
  allowedHeaders: ['Content-Type', 'Authorization'],
  maxAge: 86400
}));

app.get('/api/led', (req, res) => res.json({ on: true }));
app.put('/api/led', (req, res) => res.sendStatus(204));
app.post('/api/led', (req, res) => res.status(201).json({}));
app.listen(process.env.PORT);
