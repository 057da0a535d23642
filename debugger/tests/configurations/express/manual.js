const express = require('express');
const app = express();

app.use((req, res, next) => {
  res.header('Access-Control-Allow-Origin', '*');
  res.header('Access-Control-Allow-Headers', 'Origin, X-Requested-With, Content-Type, Accept');
  if (req.method === 'OPTIONS') {
    res.header('Access-Control-Allow-Methods', 'PUT, POST, PATCH, DELETE, GET');
    return res.status(200).json({});
  }
  next();
});
app.get('/api/led', (req, res) => res.json({ on: true }));
app.put('/api/led', (req, res) => res.sendStatus(204));
app.post('/api/led', (req, res) => res.status(201).json({}));
app.listen(process.env.PORT);
