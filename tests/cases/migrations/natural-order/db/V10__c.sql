INSERT INTO log (what) VALUES ('V10__c');
