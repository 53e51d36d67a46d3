module.exports.Invoices1772355600000 = class Invoices1772355600000 {
  name = 'Invoices1772355600000';

  async up(queryRunner) {
    await queryRunner.query('CREATE TABLE invoices (id bigint PRIMARY KEY)');
  }

  async down(queryRunner) {
    await queryRunner.query('DROP TABLE invoices');
  }
};
