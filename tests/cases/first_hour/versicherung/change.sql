ALTER TABLE kunden ADD notfallkontakt VARCHAR(80);
UPDATE kunden SET notfallkontakt = CONCAT('Qzx Mutter 8675309 ', kunde_id);
