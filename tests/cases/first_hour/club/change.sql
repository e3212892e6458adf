ALTER TABLE clb_members ADD COLUMN mbr_phone VARCHAR(20);
UPDATE clb_members SET mbr_phone = CONCAT('415 8675309 ', mbr_id);
