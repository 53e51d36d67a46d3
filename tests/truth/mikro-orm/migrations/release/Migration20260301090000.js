const { Migration } = require('@mikro-orm/migrations');

class Migration20260301090000 extends Migration {
  async up() {
    this.addSql('create table invoices (id bigint primary key);');
  }

  async down() {
    this.addSql('drop table invoices;');
  }
}

exports.Migration20260301090000 = Migration20260301090000;
