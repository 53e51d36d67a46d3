module.exports.Refunds1775034000000 = class Refunds1775034000000 {
  name = 'Refunds1775034000000';

  async up(queryRunner) {
    await queryRunner.query('CREATE TABLE refunds (id bigint PRIMARY KEY)');
  }

  async down(queryRunner) {
    await queryRunner.query('DROP TABLE refunds');
  }
};
