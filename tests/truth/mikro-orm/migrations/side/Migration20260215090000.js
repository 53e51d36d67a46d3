const { Migration } = require('@mikro-orm/migrations');

class Migration20260215090000 extends Migration {
  async up() {
    this.addSql('create table coupons (id bigint primary key);');
  }

  async down() {
    this.addSql('drop table coupons;');
  }
}

exports.Migration20260215090000 = Migration20260215090000;
