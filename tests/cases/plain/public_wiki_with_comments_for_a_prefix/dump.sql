-- A look-alike of a public wiki's tables: comments where a prefix and options go.
CREATE TABLE /*_*/user (
  user_id INT UNSIGNED AUTO_INCREMENT NOT NULL,
  user_name VARBINARY(255) DEFAULT '' NOT NULL,
  user_password TINYBLOB NOT NULL,
  user_touched BINARY(14) NOT NULL,
  UNIQUE INDEX user_name (user_name),
  PRIMARY KEY(user_id)
) /*$wgDBTableOptions*/;

CREATE TABLE /*_*/page (
  page_id INT UNSIGNED AUTO_INCREMENT NOT NULL,
  page_namespace INT NOT NULL,
  page_title VARBINARY(255) NOT NULL,
  page_random DOUBLE PRECISION NOT NULL,
  page_links_updated VARBINARY(14) DEFAULT NULL,
  UNIQUE INDEX page_name_title (page_namespace, page_title),
  INDEX page_random (page_random),
  PRIMARY KEY(page_id)
) /*$wgDBTableOptions*/;

CREATE TABLE /*_*/searchindex (
  si_page INT UNSIGNED NOT NULL,
  si_title VARCHAR(255) DEFAULT '' NOT NULL,
  si_text MEDIUMTEXT NOT NULL,
  UNIQUE INDEX si_page (si_page),
  FULLTEXT INDEX si_title (si_title)
) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4;

INSERT /* it's; a `comment` */ INTO /*_*/user (user_name,user_password,user_touched) VALUES ('Ünï',':B:1','20240105000000');
INSERT IGNORE INTO `page` (page_id,page_namespace,page_title,page_random) VALUES ('1','0','Main_Page','0.70141'),('2','-1','C\'est_/*_*/_-- ça','1e-3');
INSERT INTO searchindex VALUES (1, 'main page', 'words; more words');
