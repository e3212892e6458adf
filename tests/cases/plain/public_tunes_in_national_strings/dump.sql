/*******************************************************************************
   A look-alike of a public sample of tunes.
   DB Server: MySql
********************************************************************************/

/*******************************************************************************
   Drop database if it exists
********************************************************************************/
DROP DATABASE IF EXISTS `Tunes`;


/*******************************************************************************
   Create database
********************************************************************************/
CREATE DATABASE `Tunes`;


USE `Tunes`;


CREATE TABLE `Album`
(
    `AlbumId` INT NOT NULL AUTO_INCREMENT,
    `Title` NVARCHAR(160) NOT NULL,
    `ArtistId` INT NOT NULL,
    CONSTRAINT `PK_Album` PRIMARY KEY  (`AlbumId`)
);

CREATE TABLE `Artist`
(
    `ArtistId` INT NOT NULL AUTO_INCREMENT,
    `Name` NVARCHAR(120),
    CONSTRAINT `PK_Artist` PRIMARY KEY  (`ArtistId`)
);

/*******************************************************************************
   Create Foreign Keys
********************************************************************************/
ALTER TABLE `Album` ADD CONSTRAINT `FK_AlbumArtistId`
    FOREIGN KEY (`ArtistId`) REFERENCES `Artist` (`ArtistId`) ON DELETE NO ACTION ON UPDATE NO ACTION;

CREATE INDEX `IFK_AlbumArtistId` ON `Album` (`ArtistId`);

INSERT INTO `Artist` (`Name`) VALUES (N'A/B');
INSERT INTO `Artist` (`Name`) VALUES (N'Antônio Carlos'), (N'Guns N'' Roses');
INSERT INTO `Album` (`Title`, `ArtistId`) VALUES (N'Let There Be "Light"', 1);
INSERT INTO `Album` (`Title`, `ArtistId`) VALUES (N'Vozes do MPB; vol. 2', 2);
