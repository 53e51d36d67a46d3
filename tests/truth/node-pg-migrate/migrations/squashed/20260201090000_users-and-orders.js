exports.up = (pgm) => {
  pgm.createTable('users', { id: 'id' });
  pgm.createTable('orders', { id: 'id' });
};

exports.down = (pgm) => {
  pgm.dropTable('orders');
  pgm.dropTable('users');
};
