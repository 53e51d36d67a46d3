SELECT id FROM coupons WHERE false;
