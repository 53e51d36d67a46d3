module.exports.UsersAndOrders1769936400000 = class UsersAndOrders1769936400000 {
  name = 'UsersAndOrders1769936400000';

  async up(queryRunner) {
    await queryRunner.query('CREATE TABLE users (id bigint PRIMARY KEY)');
    await queryRunner.query('CREATE TABLE orders (id bigint PRIMARY KEY)');
  }

  async down(queryRunner) {
    await queryRunner.query('DROP TABLE orders');
    await queryRunner.query('DROP TABLE users');
  }
};
