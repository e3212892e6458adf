SELECT net LIKE '203.0.113.%' AND four LIKE '203.0.113.%' AND LENGTH(bytes) = 4 AND INET6_NTOA(bytes) LIKE '10.%' AND INET_NTOA(number) LIKE '10.%' FROM masked_a WHERE id = 1
SELECT net LIKE '2001:4860:4860:%' AND LENGTH(bytes) = 16 AND HEX(bytes) LIKE '20010DB8%' FROM masked_a WHERE id = 2
SELECT HEX(mac6) LIKE '02%' FROM masked_a WHERE id = 1
SELECT ip LIKE '10.%' AND net REGEXP '^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$' FROM masked_a WHERE id = 5
