const express = require('express');
const cors = require('cors');

const app = express();

const allowlist = ['https://app.example.com'];
const delegate = function (req, callback) {
  let options;
  if (allowlist.indexOf(req.header('Origin')) !== -1) {
    options = { origin: true, credentials: true };
  } else {
    options = { origin: false };
  }
  callback(null, options);
};
app.use(cors(delegate));

app.get('/api/led', (req, res) => res.json({ on: true }));
app.put('/api/led', (req, res) => res.sendStatus(204));
app.post('/api/led', (req, res) => res.status(201).json({}));
app.listen(process.env.PORT);
