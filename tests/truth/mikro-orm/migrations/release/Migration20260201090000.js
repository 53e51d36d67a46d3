const { Migration } = require('@mikro-orm/migrations');

class Migration20260201090000 extends Migration {
  async up() {
    this.addSql('create table orders (id bigint primary key);');
  }

  async down() {
    this.addSql('drop table orders;');
  }
}

exports.Migration20260201090000 = Migration20260201090000;
