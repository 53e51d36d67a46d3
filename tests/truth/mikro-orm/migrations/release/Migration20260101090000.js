const { Migration } = require('@mikro-orm/migrations');

class Migration20260101090000 extends Migration {
  async up() {
    this.addSql('create table users (id bigint primary key);');
  }

  async down() {
    this.addSql('drop table users;');
  }
}

exports.Migration20260101090000 = Migration20260101090000;
