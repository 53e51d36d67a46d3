SELECT name FROM users WHERE false;
