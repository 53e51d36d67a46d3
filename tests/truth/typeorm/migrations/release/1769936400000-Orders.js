module.exports.Orders1769936400000 = class Orders1769936400000 {
  name = 'Orders1769936400000';

  async up(queryRunner) {
    await queryRunner.query('CREATE TABLE orders (id bigint PRIMARY KEY)');
  }

  async down(queryRunner) {
    await queryRunner.query('DROP TABLE orders');
  }
};
