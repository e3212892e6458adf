SELECT * FROM `order details` ORDER BY 1; SELECT * FROM totals; CALL `last orders`(1); SELECT @@character_set_database
