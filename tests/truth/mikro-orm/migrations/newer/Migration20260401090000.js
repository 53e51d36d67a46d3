const { Migration } = require('@mikro-orm/migrations');

class Migration20260401090000 extends Migration {
  async up() {
    this.addSql('create table refunds (id bigint primary key);');
  }

  async down() {
    this.addSql('drop table refunds;');
  }
}

exports.Migration20260401090000 = Migration20260401090000;
