exports.up = (pgm) => {
  pgm.createTable('refunds', { id: 'id' });
};

exports.down = (pgm) => {
  pgm.dropTable('refunds');
};
