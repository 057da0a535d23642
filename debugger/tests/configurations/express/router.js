const express = require('express');
const cors = require('cors');

const app = express();

const router = express.Router();
router.use(cors({ origin: 'https://app.example.com' }));
router.get('/led', (req, res) => res.send('on'));
router.route('/led').put((req, res) => res.send('off')).delete((req, res) => res.end());
app.use('/api', router);
app.get('/', (req, res) => res.send('page'));
app.listen(process.env.PORT);
