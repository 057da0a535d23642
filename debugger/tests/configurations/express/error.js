const express = require('express');
const cors = require('cors');

const app = express();

app.use(cors());
app.get('/api/led', (req, res, next) => next(new Error('broken')));
app.put('/api/led', (req, res) => {
  res.status(401).json({ error: 'login' });
});
app.use((err, req, res, next) => {
  res.status(500).json({ error: 'broken' });
});
app.listen(process.env.PORT);
