const express = require('express');
const cors = require('cors');

const app = express();

const whitelist = ['https://app.example.com', 'http://localhost:3000'];
app.use(cors({
  origin: function (origin, callback) {
    if (!origin || whitelist.indexOf(origin) !== -1) {
      callback(null, true);
    } else {
      callback(new Error('Not allowed by CORS'));
    }
  },
  credentials: true,
}));

app.get('/api/led', (req, res) => res.json({ on: true }));
app.put('/api/led', (req, res) => res.sendStatus(204));
app.post('/api/led', (req, res) => res.status(201).json({}));
app.listen(process.env.PORT);
