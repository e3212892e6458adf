-- What is not for developers would be in their database afterwards.
/*!99999 ' */ INSERT INTO note (v) SELECT v FROM @OTHER@.secrets /*!99999 ' */;
