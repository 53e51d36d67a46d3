const { Migration } = require('@mikro-orm/migrations');

class Migration20260201090000 extends Migration {
  async up() {
    this.addSql('create table users (id bigint primary key);');
    this.addSql('create table orders (id bigint primary key);');
  }

  async down() {
    this.addSql('drop table orders;');
    this.addSql('drop table users;');
  }
}

exports.Migration20260201090000 = Migration20260201090000;
