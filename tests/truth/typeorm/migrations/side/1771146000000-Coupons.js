module.exports.Coupons1771146000000 = class Coupons1771146000000 {
  name = 'Coupons1771146000000';

  async up(queryRunner) {
    await queryRunner.query('CREATE TABLE coupons (id bigint PRIMARY KEY)');
  }

  async down(queryRunner) {
    await queryRunner.query('DROP TABLE coupons');
  }
};
