exports.up = (pgm) => {
  pgm.createTable('invoices', { id: 'id' });
};

exports.down = (pgm) => {
  pgm.dropTable('invoices');
};
