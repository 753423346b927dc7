"""L2-penalized logistic regressions by scikit-learn 1.9.1, for ProbingTests. Needs numpy and scikit-learn."""

import json

import numpy as np
from sklearn.linear_model import LogisticRegression
rng=np.random.default_rng(7)
n,d=120,12
X=rng.standard_normal((n,d)).astype(np.float32)
X[:,3]=2*X[:,2]+0.5*X[:,3]+10; X[:,5]=1.5
w=np.zeros(d); w[0]=1.2; w[2]=-0.8
y=(X@w-(X@w).mean()+rng.logistic(size=n)>0).astype(int)
X=X.astype(np.float64)
m=X.mean(0); s=X.std(0); Z=np.where(s>0,(X-m)/np.where(s>0,s,1),0).astype(np.float32).astype(np.float64)
out={'rows':X.astype(np.float32).tolist(),'labels':y.tolist(),'fits':[]}
for lam in (100.,10.,1.,0.1,0.001):
    clf=LogisticRegression(C=1/lam,tol=1e-12,max_iter=100000,solver='newton-cholesky').fit(Z,y)
    out['fits'].append({'penalty':lam,'coefficients':clf.coef_[0].tolist(),'intercept':float(clf.intercept_[0])})
json.dump(out,open('logistic.json', 'w'))
