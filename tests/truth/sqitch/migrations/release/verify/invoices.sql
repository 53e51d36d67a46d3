SELECT id FROM invoices WHERE false;
