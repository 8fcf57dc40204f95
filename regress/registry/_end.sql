-- Removes what _fixture.sql made for the whole cluster.
RESET ROLE;
DROP OWNED BY t_r_op, t_r_user, t_r_admin, t_r_other, t_r_nobody;
DROP ROLE t_r_op, t_r_user, t_r_admin, t_r_other, t_r_nobody;
