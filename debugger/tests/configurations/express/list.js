const express = require('express');
const cors = require('cors');

const app = express();

const allowed = ['https://app.example.com', 'https://admin.example.com'];
const corsOptions = {
  origin: allowed,
  credentials: true,
  exposedHeaders: 'X-Total-Count, ETag',
  optionsSuccessStatus: 200,
};
app.use(cors(corsOptions));

app.get('/api/led', (req, res) => res.json({ on: true }));
app.put('/api/led', (req, res) => res.sendStatus(204));
app.post('/api/led', (req, res) => res.status(201).json({}));
app.listen(process.env.PORT);
