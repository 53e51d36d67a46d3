exports.up = (pgm) => {
  pgm.createTable('coupons', { id: 'id' });
};

exports.down = (pgm) => {
  pgm.dropTable('coupons');
};
