"""Starting clients so that their traffic goes through a proxy with the suite: environments, certificates, and the proxy beside them."""
