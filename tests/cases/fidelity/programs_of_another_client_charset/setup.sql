SET NAMES latin1 COLLATE latin1_german1_ci;
CREATE PROCEDURE p() SELECT 'plain';
SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE PROCEDURE q() SELECT 'größe';
