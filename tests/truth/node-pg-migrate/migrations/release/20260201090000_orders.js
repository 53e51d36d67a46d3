exports.up = (pgm) => {
  pgm.createTable('orders', { id: 'id' });
};

exports.down = (pgm) => {
  pgm.dropTable('orders');
};
