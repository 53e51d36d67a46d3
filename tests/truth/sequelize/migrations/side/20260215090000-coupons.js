module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query('CREATE TABLE coupons (id bigint PRIMARY KEY)');
  },
  async down(queryInterface) {
    await queryInterface.dropTable('coupons');
  },
};
