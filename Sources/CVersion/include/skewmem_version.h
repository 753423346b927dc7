/* The commit that was built, or an empty string where it is not known. */
const char *_Nonnull skewmem_commit(void);
