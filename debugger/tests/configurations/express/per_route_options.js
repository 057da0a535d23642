const express = require('express');
const cors = require('cors');

const app = express();

const options = cors({ origin: ['https://app.example.com'], methods: 'PUT' });
app.options('/api/led', options);
app.put('/api/led', options, (req, res) => res.json({}));
app.get('/api/led', options, (req, res) => res.json({}));
app.listen(process.env.PORT);
