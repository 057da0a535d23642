const express = require('express');
const cors = require('cors');

const app = express();

app.get('/api/led', cors(), (req, res) => res.json({}));
app.put('/api/led', cors({ origin: 'https://app.example.com' }), (req, res) => res.json({}));
app.listen(process.env.PORT);
