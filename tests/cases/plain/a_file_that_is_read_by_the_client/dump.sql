CREATE TABLE `t` (`id` int primary key);
source load_departments.dump ;
