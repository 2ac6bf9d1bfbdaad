"""The engine that runs on a cluster: runs become chains of Slurm jobs, and Slurm does the scheduling.

    site      what a site says about its cluster
    sizes     how much of it an instance asks for
    chain     which jobs a run becomes
    script    what is said to sbatch
    orders    what a node is told
    step      what a job does on its node; `gang` leads those with several members
    desk      who talks to Slurm: errands are what it is asked for, commands how that is done
    asking    the one question about all jobs, to squeue or slurmrestd
    reading   what the answers of Slurm's commands say; `rest` what those of slurmrestd do
    mapping   what Slurm's words mean for an instance
    records   chains on the shared disk, state the same in memory
    watch     what became of instances
    dispatch  one turn of the engine

The folder lies on the shared file system of the cluster. A run is written down there before anything is submitted, each
job carries a key of ours, and a job must own its place in the chain before it does anything: whatever dies when, no
instance begins twice. A chain goes on by itself while no server runs.
"""
