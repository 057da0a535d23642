const express = require('express');
const app = express();
const allowedOrigins = ['https://app.example.com', 'null'];

app.use(function (req, res, next) {
  const origin = req.headers.origin;
  if (allowedOrigins.includes(origin)) {
    res.setHeader('Access-Control-Allow-Origin', origin);
    res.setHeader('Access-Control-Allow-Credentials', true);
    res.vary('Origin');
  }
  res.set({ 'Access-Control-Allow-Methods': 'GET,PUT', 'Access-Control-Max-Age': 600 });
  if ('OPTIONS' == req.method) {
    res.sendStatus(204);
  } else {
    next();
  }
});
app.get('/api/led', (req, res) => res.json({ on: true }));
app.put('/api/led', (req, res) => res.sendStatus(204));
app.post('/api/led', (req, res) => res.status(201).json({}));
app.listen(process.env.PORT);
