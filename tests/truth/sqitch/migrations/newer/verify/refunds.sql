SELECT id FROM refunds WHERE false;
