const express = require('express');
const cors = require('cors');

const app = express();

app.use(cors({ origin: ['https://app.example.com'] }));
app.get('/api/led', (req, res) => {
  res.set('Vary', 'Accept');
  res.json({});
});
app.put('/api/led', (req, res) => res.redirect('/led'));
app.listen(process.env.PORT);
