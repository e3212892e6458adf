-- nothing to do
/* ; */
# ;
