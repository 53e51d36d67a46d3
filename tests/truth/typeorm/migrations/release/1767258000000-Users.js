module.exports.Users1767258000000 = class Users1767258000000 {
  async up(queryRunner) {
    await queryRunner.query('CREATE TABLE users (id bigint PRIMARY KEY)');
  }

  async down(queryRunner) {
    await queryRunner.query('DROP TABLE users');
  }
};
